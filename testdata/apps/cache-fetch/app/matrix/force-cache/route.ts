import { matrix } from '../../../lib/matrix';

export const fetchCache = 'force-cache';

export const GET = () => matrix('force-cache');

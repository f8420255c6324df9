import { matrix } from '../../../lib/matrix';

export const fetchCache = 'only-cache';

export const GET = () => matrix('only-cache');

import { matrix } from '../../../lib/matrix';

export const fetchCache = 'default-cache';

export const GET = () => matrix('default-cache');

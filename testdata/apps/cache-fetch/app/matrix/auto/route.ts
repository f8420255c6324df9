import { matrix } from '../../../lib/matrix';

export const fetchCache = 'auto';

export const GET = () => matrix('auto');

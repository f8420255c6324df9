import { matrix } from '../../../lib/matrix';

export const fetchCache = 'only-no-store';

export const GET = () => matrix('only-no-store');

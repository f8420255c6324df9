import { matrix } from '../../../lib/matrix';

export const fetchCache = 'default-no-store';

export const GET = () => matrix('default-no-store');

import { matrix } from '../../../lib/matrix';

export const fetchCache = 'force-no-store';

export const GET = () => matrix('force-no-store');

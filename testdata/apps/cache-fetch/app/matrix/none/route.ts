import { matrix } from '../../../lib/matrix';

export const GET = () => matrix('none');

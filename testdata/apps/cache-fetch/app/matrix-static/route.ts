import { matrix } from '../../lib/matrix';

export const dynamic = 'force-static';

export const GET = () => matrix('static');

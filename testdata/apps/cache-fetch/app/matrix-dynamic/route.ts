import { matrix } from '../../lib/matrix';

export const dynamic = 'force-dynamic';

export const GET = () => matrix('dynamic');

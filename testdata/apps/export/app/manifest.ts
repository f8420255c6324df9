export const dynamic = 'force-static';
export default () => ({ name: 'Exported', start_url: '/' });

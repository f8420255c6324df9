export default () => new Response('second twitter image', { headers: { 'content-type': 'image/jpeg' } });

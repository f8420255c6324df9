export default () => ({ rules: { userAgent: 'nested' } });

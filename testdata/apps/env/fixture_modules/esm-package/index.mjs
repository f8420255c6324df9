export const name = 'esm-package'; export default 'esm default'

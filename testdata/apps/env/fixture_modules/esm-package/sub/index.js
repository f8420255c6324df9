export const sub = 'esm-package/sub'

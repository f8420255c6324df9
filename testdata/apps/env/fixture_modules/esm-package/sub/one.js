export const feature = 'esm-package/features/one'

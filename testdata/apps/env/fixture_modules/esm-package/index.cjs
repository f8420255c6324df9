exports.name = 'cjs of esm-package'

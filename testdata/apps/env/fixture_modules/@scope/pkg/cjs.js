exports.scoped = 'main field'

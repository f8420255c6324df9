exports.name = 'plain-package'; exports.self = require('./other').other

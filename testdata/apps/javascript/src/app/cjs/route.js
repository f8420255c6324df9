const { name } = require('../../lib/names')

exports.GET = () => new Response('CommonJS ' + name)

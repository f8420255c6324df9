exports.GET = () => Response.json({ file: 'cjs/route.cjs' })

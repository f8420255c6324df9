module.exports = { async get() {}, async set() {} }

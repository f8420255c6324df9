module.exports = class {
  constructor(options) {
    throw new Error('no ' + options.redis.url)
  }
  get() {}
  set() {}
}

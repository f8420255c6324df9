module.exports = class {
  async set() {}
}

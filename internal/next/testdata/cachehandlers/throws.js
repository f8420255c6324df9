module.exports = class {
  get(key) {
    throw new TypeError('no connection')
  }

  async set(key) {
    throw new TypeError('no room')
  }

  async revalidateTag() {
    return Promise.reject(null)
  }

  resetRequestCache() {
    throw new Error('nothing to reset')
  }
}

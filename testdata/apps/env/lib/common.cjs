module.exports = { common: 'commonjs', say: () => 'said' }

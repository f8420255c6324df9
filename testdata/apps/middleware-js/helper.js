exports.prefixed = (prefix, path) => prefix + path

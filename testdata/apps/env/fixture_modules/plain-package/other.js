exports.other = 'other file'

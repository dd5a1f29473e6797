const a = 'it\'s', b = "\\", c = `\``, d = /\/[\]]/;
exports.handler = (a, b, c) => 'x\
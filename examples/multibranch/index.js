exports.handler = async () => ({ statusCode: 200, body: JSON.stringify('Deployed from a branch') });

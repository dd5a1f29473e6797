#!/usr/bin/env node
'use strict'; // exports.x = (a, b, c) =>
exports.handler = async function named (event, context, callback) { return /[/"]/.test(`${a}`) };

// Reads an AsyncAPI document on standard input, and prints what its parser and rules find, as JSON.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const found = diagnostics.map(({ code, severity, path, message }) => ({ code, severity, path: path.join('.'), message }));
console.log(JSON.stringify({ valid: document !== undefined, channels: document?.channels().all().length ?? 0, found }));

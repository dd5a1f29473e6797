import { a } from './a.js';
export const handler = async (event, context) => { /* } export default */ };
export default handler;

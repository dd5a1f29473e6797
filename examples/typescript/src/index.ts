import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { greeting } from './greeting.js';

export const handler = async (event: { name?: string }): Promise<APIGatewayProxyStructuredResultV2> => ({
  statusCode: 200,
  body: greeting(event.name ?? 'world'),
});

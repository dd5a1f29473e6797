import ms from 'ms';

export const handler = async (event: { name?: string }) => ({
  statusCode: 200,
  body: `Bundled for ${event.name ?? 'world'}, valid for ${ms(60_000, { long: true })}`,
});

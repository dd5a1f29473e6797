import ms from 'ms';

export const greeting = (name: string): string => `Compiled for ${name}, valid for ${ms(60_000, { long: true })}`;

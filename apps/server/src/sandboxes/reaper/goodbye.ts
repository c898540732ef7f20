/** What a server that ends in order tells its lifeline: it stops its database itself. */
export const GOODBYE = 'goodbye';

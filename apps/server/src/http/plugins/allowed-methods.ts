import type { App } from '../api.ts';

/** Answers OPTIONS on every path there is with what else it takes; it needs no key. */
export function allowedMethods(app: App): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url }) => {
    const named = [method].flat().map((name) => name.toUpperCase());
    if (named.includes('OPTIONS')) return;
    const known = methods.get(url);
    for (const name of named) (known ?? methods.set(url, new Set(['OPTIONS'])).get(url))?.add(name);
    if (known) return;
    app.options(
      url,
      { config: { operation: 'options', scope: null }, schema: { hide: true } },
      async (_request, reply) =>
        reply
          .code(204)
          .header('allow', [...(methods.get(url) ?? [])].join(', '))
          .send(),
    );
  });
}

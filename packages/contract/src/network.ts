import { z } from 'zod';

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const ENTRY = new RegExp(`^(?:\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*)(?::\\d{1,5})?$`, 'i');

/** Names that stand for several hosts in a list. */
export const HOST_GROUPS: Readonly<Record<string, readonly string[]>> = {
  '@packages': [
    ...['registry.npmjs.org', 'registry.yarnpkg.com', 'pypi.org', 'files.pythonhosted.org', 'rubygems.org'],
    ...['crates.io', 'index.crates.io', 'static.crates.io', 'proxy.golang.org', 'sum.golang.org'],
    ...['repo.maven.apache.org', 'repo1.maven.org', 'packagist.org', 'repo.packagist.org'],
  ],
  '@git': ['github.com', '*.github.com', '*.githubusercontent.com', 'gitlab.com', 'bitbucket.org'],
};

/** Entries of one list, at most. */
const ENTRIES_MAX = 200;

export const HostEntry = z
  .string()
  .max(260)
  .refine(
    (entry) => Object.hasOwn(HOST_GROUPS, entry) || ENTRY.test(entry),
    `must be a host such as example.com, *.example.com or example.com:8443, * for every public host, or one of ${Object.keys(HOST_GROUPS).join(', ')}`,
  );

/** What an agent may reach of the network. */
export const AgentNetwork = z
  .strictObject({
    allow: z
      .array(HostEntry)
      .max(ENTRIES_MAX)
      .describe(
        'Hosts that the agent may reach, in the place of NETWORK_ALLOW: `example.com`, `*.example.com` (all below it), `example.com:8443` (without a port 80 and 443), `*` (every public host), `@packages`, `@git`. An empty list: the model gateway alone.',
      ),
  })
  .meta({ id: 'AgentNetwork' });
export type AgentNetwork = z.infer<typeof AgentNetwork>;

/** The parts of a list with commas between them. */
export function parseHostList(list: string): string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** A setting that holds such a list. */
export const HostList = z
  .string()
  .refine((list) => parseHostList(list).every((entry) => HostEntry.safeParse(entry).success), {
    error:
      'must be hosts such as example.com, *.example.com or example.com:8443, *, @packages or @git, with commas between them',
  });

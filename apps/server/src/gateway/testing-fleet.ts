/** For tests of several upstreams: scripted ones, and a gateway that asks them in order. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import type { GatewayOptions } from './gateway-options.ts';
import { startTestGateway, type TestGateway } from './testing.ts';
import { type FakeUpstream, startFakeUpstream } from './testing-upstream.ts';
import type { Upstream } from './upstreams/upstream.ts';

export interface TestFleet extends TestGateway {
  fakes: FakeUpstream[];
  /** The state of the upstream with this name. */
  state(name: string): ReturnType<TestGateway['gateway']['upstreams']>[number];
}

/** The names of the upstreams are a, b, c …; each has the key `key-of-<name>`. */
export async function startTestFleet(
  pool: pg.Pool,
  configured: Partial<Upstream>[],
  options: Partial<GatewayOptions> = {},
): Promise<TestFleet> {
  const fakes = await Promise.all(configured.map(() => startFakeUpstream()));
  const upstreams = configured.map((given, index) => {
    const name = String.fromCharCode(97 + index);
    const baseUrl = (fakes[index] as FakeUpstream).url;
    return { name, baseUrl, apiKey: `key-of-${name}`, simulated: false, ...given };
  });
  const test = await startTestGateway(pool, { upstreams, ...options });
  return {
    ...test,
    fakes,
    state: (name) => test.gateway.upstreams().find((one) => one.name === name) as ReturnType<TestFleet['state']>,
    async close() {
      await test.close();
      await Promise.all(fakes.map((fake) => fake.close()));
    },
  };
}

/** An address where nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

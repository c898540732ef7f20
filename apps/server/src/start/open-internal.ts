import { setTimeout as sleep } from 'node:timers/promises';
import { publishAddress } from '../fleet/nodes/register-node.ts';
import type { Gateway } from '../gateway/gateway-options.ts';
import { GATEWAY_PATH } from '../gateway/relay/relay-to-gateways.ts';
import type { Api } from '../http/api.ts';
import { directoryService } from '../internal/directory-service.ts';
import { modelsService } from '../internal/models-service.ts';
import { type InternalService, startInternal } from '../internal/start-internal.ts';
import type { Node } from './open-node.ts';

/** In which the other nodes learn that this one takes no more calls. */
const NOTICED_WITHIN_MS = 1_500;

/** Listens for the other nodes, with what this one does for them. Nothing where there cannot be others. */
export async function openInternal(node: Node, api: Api, gateway: Gateway | null): Promise<{ leave(): Promise<void> }> {
  const { settings, database, registered, fleet, log, closers } = node;
  if (!fleet) return { leave: async () => {} };
  const services: InternalService[] = [api.signals];
  if (gateway) {
    services.push({ path: GATEWAY_PATH, serve: gateway.serve }, modelsService(gateway.models, log));
  }
  if (api.directories) {
    const directories = await directoryService({ ...api, fleet: null });
    closers.add('directories', () => directories.close());
    services.push(directories);
  }
  const { INTERNAL_HOST: host, INTERNAL_PORT: port } = settings;
  const listener = await startInternal({ host, port, secret: fleet.secret, services, log });
  closers.add('internal listener', async () => {
    // The answers that it relays come through here.
    await gateway?.close();
    await listener.close();
  });
  const address = (settings.NODE_ADDRESS ?? listener.url).replace(/\/$/, '');
  await publishAddress(database.pool, registered.id, address);
  log.info({ address }, 'listening for the other nodes of the fleet');
  return {
    leave: async () => {
      await publishAddress(database.pool, registered.id, null).catch(() => {});
      if (gateway && fleet.nodes.withRole('worker').length > 0) await sleep(NOTICED_WITHIN_MS);
    },
  };
}

import type { Api, App } from '../../api.ts';
import { createAgent } from './agents/create-agent.ts';
import { deleteAgent } from './agents/delete-agent.ts';
import { getAgent } from './agents/get-agent.ts';
import { getTimeline } from './agents/get-timeline.ts';
import { getTurn } from './agents/get-turn.ts';
import { hibernateAgent } from './agents/hibernate-agent.ts';
import { interruptAgent } from './agents/interrupt-agent.ts';
import { listAgents } from './agents/list-agents.ts';
import { listEvents } from './agents/list-events.ts';
import { listMessages } from './agents/list-messages.ts';
import { restartAgent } from './agents/restart-agent.ts';
import { sendMessage } from './agents/send-message.ts';
import { startAgent } from './agents/start-agent.ts';
import { stopAgent } from './agents/stop-agent.ts';
import { streamEvents } from './agents/stream-events.ts';
import { exportAudit } from './audit/export-audit.ts';
import { listAudit } from './audit/list-audit.ts';
import { verifyAudit } from './audit/verify-audit.ts';
import { keyRoutes } from './keys/key-routes.ts';
import { listAgentTypes } from './list-agent-types.ts';
import { health } from './meta/health.ts';
import { info } from './meta/info.ts';
import { listModels } from './models/list-models.ts';
import { notAvailable } from './not-available.ts';
import { changeSettings } from './settings/change-settings.ts';
import { listSettings } from './settings/list-settings.ts';
import { workspaceRoutes } from './workspaces/workspace-routes.ts';

/** The operations API. */
export function opsRoutes(app: App, api: Api): void {
  for (const route of [info, health, listAgentTypes, listModels]) route(app, api);
  for (const route of [createAgent, listAgents, getAgent, deleteAgent]) route(app, api);
  for (const route of [startAgent, stopAgent, restartAgent, hibernateAgent, interruptAgent]) route(app, api);
  for (const route of [sendMessage, listMessages, getTurn]) route(app, api);
  for (const route of [listEvents, streamEvents, getTimeline]) route(app, api);
  for (const route of [listSettings, changeSettings]) route(app, api);
  keyRoutes(app, api);
  workspaceRoutes(app, api);
  for (const route of [listAudit, verifyAudit, exportAudit]) route(app, api);
  notAvailable(app);
}

import type { Api, App } from '../../api.ts';
import { bulkAgents } from './agents/bulk-agents.ts';
import { changeAgent } from './agents/change-agent.ts';
import { createAgent } from './agents/create-agent.ts';
import { deleteAgent } from './agents/delete-agent.ts';
import { getAgent } from './agents/get-agent.ts';
import { getTimeline } from './agents/get-timeline.ts';
import { getTurn } from './agents/get-turn.ts';
import { getVersion } from './agents/get-version.ts';
import { hibernateAgent } from './agents/hibernate-agent.ts';
import { interruptAgent } from './agents/interrupt-agent.ts';
import { listAgents } from './agents/list-agents.ts';
import { listEvents } from './agents/list-events.ts';
import { listMessages } from './agents/list-messages.ts';
import { listVersions } from './agents/list-versions.ts';
import { restartAgent } from './agents/restart-agent.ts';
import { rollBackAgent } from './agents/roll-back-agent.ts';
import { sendMessage } from './agents/send-message.ts';
import { startAgent } from './agents/start-agent.ts';
import { stopAgent } from './agents/stop-agent.ts';
import { streamEvents } from './agents/stream-events.ts';
import { decideApproval } from './approvals/decide-approval.ts';
import { getApproval } from './approvals/get-approval.ts';
import { listApprovals } from './approvals/list-approvals.ts';
import { exportAudit } from './audit/export-audit.ts';
import { listAudit } from './audit/list-audit.ts';
import { verifyAudit } from './audit/verify-audit.ts';
import { budgetRoutes } from './budgets/budget-routes.ts';
import { filesRoutes } from './files/files-routes.ts';
import { drainNode } from './fleet/drain-node.ts';
import { getAutoscaler } from './fleet/get-autoscaler.ts';
import { getDesiredNodes } from './fleet/get-desired-nodes.ts';
import { getFleet } from './fleet/get-fleet.ts';
import { keyRoutes } from './keys/key-routes.ts';
import { listAgentTypes } from './list-agent-types.ts';
import { health } from './meta/health.ts';
import { info } from './meta/info.ts';
import { metrics } from './meta/metrics.ts';
import { listModels } from './models/list-models.ts';
import { askQuery } from './query/ask-query.ts';
import { getQuery } from './query/get-query.ts';
import { listQueries } from './query/list-queries.ts';
import { changeSession } from './sessions/change-session.ts';
import { createSession } from './sessions/create-session.ts';
import { deleteSession } from './sessions/delete-session.ts';
import { getSession } from './sessions/get-session.ts';
import { listSessions } from './sessions/list-sessions.ts';
import { changeSettings } from './settings/change-settings.ts';
import { listSettings } from './settings/list-settings.ts';
import { getUsage } from './usage/get-usage.ts';
import { webhookRoutes } from './webhooks/webhook-routes.ts';
import { workspaceRoutes } from './workspaces/workspace-routes.ts';

/** What every node answers, whatever its roles. */
export function statusRoutes(app: App, api: Api): void {
  for (const route of [info, health, metrics]) route(app, api);
}

/** The operations API. */
export function opsRoutes(app: App, api: Api): void {
  for (const route of [listAgentTypes, listModels]) route(app, api);
  for (const route of [createAgent, listAgents, getAgent, changeAgent, deleteAgent, bulkAgents]) route(app, api);
  for (const route of [listVersions, getVersion, rollBackAgent]) route(app, api);
  for (const route of [createSession, listSessions, getSession, changeSession, deleteSession]) route(app, api);
  for (const route of [askQuery, getQuery, listQueries]) route(app, api);
  for (const route of [startAgent, stopAgent, restartAgent, hibernateAgent, interruptAgent]) route(app, api);
  for (const route of [sendMessage, listMessages, getTurn]) route(app, api);
  for (const route of [listEvents, streamEvents, getTimeline]) route(app, api);
  for (const route of [listApprovals, getApproval, decideApproval]) route(app, api);
  for (const route of [listSettings, changeSettings]) route(app, api);
  keyRoutes(app, api);
  workspaceRoutes(app, api);
  for (const route of [listAudit, verifyAudit, exportAudit]) route(app, api);
  for (const route of [getFleet, drainNode, getAutoscaler, getDesiredNodes]) route(app, api);
  getUsage(app, api);
  budgetRoutes(app, api);
  webhookRoutes(app, api);
  filesRoutes(app, api);
}

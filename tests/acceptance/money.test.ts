import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { type ModelRequest, type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let upstream: RecordingUpstream;
let platform: Platform;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startTestPlatform({
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: 'sk-ant-any',
    RECOVERY_BACKOFF_SECONDS: '0',
  });
});
afterAll(async () => {
  await platform?.dispose();
  await upstream?.close();
});

const usage = (query: string) => platform.json('GET', `/api/v1/usage?${query}`);
const bash = (command: string) => ({ tool: 'Bash', input: { command } });
const ofType = async (agent: DeployedAgent, type: string) => (await agent.log()).filter((entry) => entry.type === type);

/** The usage that the upstream reported: of each answer the last word on each count. */
function reported(requests: ModelRequest[] = upstream.requests) {
  const sum = { requests: 0, input_tokens: 0, output_tokens: 0 };
  for (const { method, path, answer } of requests) {
    if (method !== 'POST' || !/^\/v1\/messages(\?|$)/.test(path)) continue;
    const last = { input_tokens: 0, output_tokens: 0 };
    for (const [, count, value] of answer.matchAll(/"(input_tokens|output_tokens)":\s*(\d+)/g)) {
      last[count as keyof typeof last] = Number(value);
    }
    sum.requests += 1;
    sum.input_tokens += last.input_tokens;
    sum.output_tokens += last.output_tokens;
  }
  return sum;
}

describe('the ledger', () => {
  it('agrees with the upstream to the token over tools, retries, cut streams and interrupts', async () => {
    const agent = await deployAgent(platform, { name: '=HYPERLINK("http://example.org")' });
    const other = await deployAgent(platform, { agent_type: 'research', name: 'other' });
    const turns = [
      (await agent.say(script([{ text: 'First. ' }, bash('echo one'), bash('echo two'), { text: 'Done.' }]))).metadata
        .turn_id,
      (await agent.say(script([{ error: 529, times: 2 }, { text: 'after retries' }]))).metadata.turn_id,
      (await agent.say(script([bash('echo x'), { drop: true }, { text: 'a long answer after a cut' }]))).metadata
        .turn_id,
    ];
    const interrupted = await agent.begin(script([{ text: 'A beginning. ' }, { stall: true }], 'stalls'));
    await until(() => upstream.asked('stalls').some(({ answer }) => answer.includes('text_delta')));
    await agent.order('interrupt');
    expect(await agent.ended(interrupted)).toMatchObject({ state: 'interrupted' });
    turns.push(interrupted, (await agent.say('and on')).metadata.turn_id);
    const { key } = await platform.json('POST', '/api/v1/keys', { name: '+second', scopes: ['agents:message'] });
    const others = (await other.say('hello', { 'x-api-key': key })).metadata.turn_id;
    const put = await platform.request('PUT', '/api/v1/budgets', { total_usd: 1 }, { 'x-api-key': key });
    expect([
      put.status,
      (await platform.request('GET', '/api/v1/usage', undefined, { 'x-api-key': key })).status,
    ]).toEqual([403, 403]);

    await until(async () => {
      const { totals } = await usage('group_by=agent');
      return totals.output_tokens === reported().output_tokens && totals.input_tokens === reported().input_tokens;
    });
    const { data, totals } = await usage('group_by=agent,model');
    expect(totals.cache_read_input_tokens).toBe(0);
    const row = data.find(({ agent_id }: { agent_id: string }) => agent_id === agent.id);
    let ofTurns = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };
    for (const id of turns) {
      const turn = await agent.turn(id);
      ofTurns = {
        input_tokens: ofTurns.input_tokens + turn.usage.input_tokens,
        output_tokens: ofTurns.output_tokens + turn.usage.output_tokens,
        cost_usd: ofTurns.cost_usd + turn.cost_usd,
      };
    }
    expect(row).toMatchObject({ input_tokens: ofTurns.input_tokens, output_tokens: ofTurns.output_tokens });
    // claude-sonnet-5-5: 2 and 10 USD for a million.
    const uncounted = Math.round((row.cost_usd * 1e6 - row.input_tokens * 2) / 10 - row.output_tokens);
    // Whoever leaves an answer before its count is there pays for the text that it got.
    expect(uncounted).toBeGreaterThan(0);
    expect(uncounted).toBeLessThan(10);
    expect(row.cost_usd).toBeCloseTo((row.input_tokens * 2 + (row.output_tokens + uncounted) * 10) / 1e6, 9);
    expect(row.cost_usd).toBeCloseTo(ofTurns.cost_usd, 9);
    const second = await other.turn(others);
    expect(totals.output_tokens).toBe(row.output_tokens + second.usage.output_tokens);
    expect((await agent.view()).usage).toMatchObject({ output_tokens: row.output_tokens, cost_usd: row.cost_usd });
  });

  it('is summed by whom, what and when, in pages and as CSV that no spreadsheet runs', async () => {
    const { data } = await usage('group_by=day,key,agent_type,upstream');
    expect(
      data.map(({ agent_type, key_name, upstream }: Record<string, string>) => [agent_type, key_name, upstream]),
    ).toEqual([
      ['code', 'admin', 'anthropic'],
      ['research', '+second', 'anthropic'],
    ]);
    expect(data[0].day).toBe(new Date().toISOString().slice(0, 10));

    const first = await usage('group_by=session&limit=1');
    const second = await usage(`group_by=session&limit=1&cursor=${first.next_cursor}`);
    expect([first.data.length, second.data.length, second.next_cursor]).toEqual([1, 1, null]);
    expect(second.totals).toEqual(first.totals);
    expect(first.data[0].output_tokens + second.data[0].output_tokens).toBe(first.totals.output_tokens);

    const csv = await platform.request('GET', '/api/v1/usage?group_by=agent', undefined, { accept: 'text/csv' });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await (await platform.request('GET', '/api/v1/usage?group_by=key&format=csv')).text()).toContain(
      `,'+second,`,
    );
    const lines = (await csv.text()).trim().split('\n');
    expect(lines[0]).toMatch(/^agent_id,agent_name,requests,.*,cost_usd$/);
    expect(lines.slice(1).join('\n')).toContain(`,"'=HYPERLINK(""http://example.org"")",`);

    expect((await usage('agent_id=agent_of_somebody_else')).data).toEqual([]);
    for (const [query, field] of [
      ['group_by=colour', 'group_by'],
      ['group_by=day,day', 'group_by'],
      ['since=yesterday', 'since'],
      ['since=2026-11-05&until=2026-11-05', 'since'],
      ['since=1999-01-01', 'since'],
      ['cursor=abc', 'cursor'],
      ['model=%00', 'model'],
      ['limit=0', 'limit'],
    ]) {
      const response = await platform.request('GET', `/api/v1/usage?${query}`);
      expect([query, response.status]).toEqual([query, 422]);
      expect((await response.json()) as object).toMatchObject({
        code: 'invalid_request',
        errors: [{ field: expect.stringContaining(field as string) }],
      });
    }
  });
});

describe('a test key', () => {
  it('is answered by the simulator, whatever the upstream, and spends nothing', async () => {
    const { key } = await platform.json('POST', '/api/v1/keys', { name: 'test', test: true });
    const ask = async (path: string, body: object) => {
      const answer = await platform.request('POST', path, body, { 'x-api-key': key });
      expect(answer.status, JSON.stringify(await answer.clone().json())).toBeLessThan(300);
      return (await answer.json()) as { agent_id: string; response: string; metadata: object };
    };
    const asked = upstream.requests.length;
    const { agent_id } = await ask('/api/v1/agents', { config: { agent_type: 'code' } });
    const answer = await ask(`/api/v1/agents/${agent_id}/messages`, { message: 'who answers?' });
    expect(answer.response).toContain('who answers?');
    expect(answer.metadata).toMatchObject({ cost_usd: 0, usage: { input_tokens: expect.any(Number) } });
    expect((await ask('/api/v1/query?agent_type=general', { message: 'and a query?' })).response).toContain('query');
    expect(upstream.requests).toHaveLength(asked);
  });
});

describe('a budget', () => {
  it('ends the turn that uses it up, at once, and says so everywhere', async () => {
    const agent = await deployAgent(platform, { budget: { per_turn_usd: 0.001, per_day_usd: 100 } });
    const asked = upstream.requests.length;
    const response = await agent.post(
      script([bash('echo ran >> ran.txt'), bash('echo ran >> ran.txt'), { text: 'no' }]),
    );
    expect(response.status).toBe(402);
    const problem = (await response.json()) as { detail: string };
    expect(problem).toMatchObject({ code: 'budget_exceeded', retryable: false, status: 402 });
    expect(problem.detail).toMatch(
      /^The budget of this agent per turn is used up: [\d.]+ of 0\.001 USD spent\. Send another message, or raise config\.budget\.per_turn_usd/,
    );
    expect(upstream.requests.length - asked).toBe(1);

    const turn = (await agent.log()).find(({ type }) => type === 'x.budget_exceeded')?.turn_id as string;
    const { cost_usd: cost, ...ended } = await agent.turn(turn);
    expect(ended).toMatchObject({
      state: 'failed',
      stop_reason: 'budget_exceeded',
      attempts: 1,
      error: { type: 'budget_exceeded', message: problem.detail },
    });
    expect(cost).toBeGreaterThan(0.001);
    const log = (await agent.log()).filter(({ turn_id }) => turn_id === turn);
    const exceeded = log.filter(({ type }) => type === 'x.budget_exceeded');
    expect(exceeded).toEqual([expect.objectContaining({ scope: 'turn', limit_usd: 0.001, spent_usd: cost })]);
    const warnings = log.filter(({ type }) => type === 'x.budget_warning');
    expect(warnings.map(({ threshold }) => threshold)).toEqual([50, 80, 100]);
    expect(log.filter(({ type }) => type === 'session.error').map(({ error }) => error.type)).toEqual([
      'billing_error',
    ]);
    expect(log.map(({ seq }) => seq)).toEqual([...log.keys()].map((index) => (log[0]?.seq ?? 0) + index));
    expect(log.filter(({ type }) => type === 'agent.tool_result')).toHaveLength(1);
    // The next turn has a budget of its own, and remembers.
    expect((await agent.say('again {{n}}')).response).toMatch(/^Simulated reply 2: /);
    expect((await agent.view()).usage.budget).toEqual([
      expect.objectContaining({ scope: 'agent', period: 'day', limit: 100, exhausted: false }),
    ]);
    expect((await platform.json('GET', `/v1/sessions/${agent.sessionId}/events?limit=1000`)).data).not.toContainEqual(
      expect.objectContaining({ type: expect.stringMatching(/^x\./) }),
    );
  });

  it('is raised by a change of the agent, from its next message on', async () => {
    const agent = await deployAgent(platform, { budget: { total_usd: 0.000_001 } });
    await agent.post('one');
    expect((await agent.post('two')).status).toBe(402);
    await platform.json('PATCH', agent.path, { config: { budget: { total_usd: 100 } } });
    expect((await agent.say('three {{n}}')).response).toMatch(/^Simulated reply \d: /);
    const response = await platform.request('PATCH', agent.path, { config: { budget: { total_usd: -1 } } });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ field: 'config.budget.total_usd' }] });
  });

  it('refuses a message before anything is started; raised, the session goes on where it was', async () => {
    const agent = await deployAgent(platform, { budget: { total_tokens: 1_000_000 } });
    const key = { 'idempotency-key': 'once' };
    const { metadata } = await agent.say('hello', key);
    await platform.json('PUT', '/api/v1/budgets', { per_day_usd: 0.01 });
    await agent.order('hibernate');
    await agent.reaches('hibernated');
    const refused = await agent.post('one more');
    expect(refused.status).toBe(402);
    expect((await refused.json()) as object).toMatchObject({
      code: 'budget_exceeded',
      detail: expect.stringMatching(
        /^The budget of this workspace per day .* begins again at .*T00:00:00\.000Z; raise per_day_usd/,
      ),
    });
    const managed = await platform.request('POST', `/v1/sessions/${agent.sessionId}/events`, {
      events: [{ type: 'user.message', content: [{ type: 'text', text: 'hi' }] }],
    });
    expect([managed.status, ((await managed.json()) as { error: { type: string } }).error.type]).toEqual([
      402,
      'billing_error',
    ]);
    expect((await agent.view()).status).toBe('hibernated');
    // A message that was taken before is not refused now.
    expect((await agent.say('hello', key)).metadata.turn_id).toBe(metadata.turn_id);

    const budget = await platform.json('GET', '/api/v1/budgets');
    expect(budget).toMatchObject({
      limits: { per_day_usd: 0.01 },
      ceiling: {},
      states: [{ exhausted: true, period: 'day' }],
    });
    expect(budget.spent.day_usd).toBe((await usage('group_by=day')).totals.cost_usd);

    const { workspace_id: workspace } = budget;
    await platform.json('PUT', `/api/v1/workspaces/${workspace}/budget`, { per_day_usd: 0.01 });
    await platform.json('PUT', '/api/v1/budgets', { per_day_usd: 1_000 });
    const capped = await agent.post('one more');
    expect([capped.status, ((await capped.json()) as { detail: string }).detail]).toEqual([
      402,
      expect.stringContaining('operator'),
    ]);
    await platform.json('DELETE', `/api/v1/workspaces/${workspace}/budget`);
    expect((await agent.say('one more')).response).toBe('Simulated reply 2: one more');
    expect((await platform.request('DELETE', '/api/v1/budgets')).status).toBe(204);
    expect((await platform.json('GET', '/api/v1/budgets')).states).toEqual([]);
  });

  it('is refused with the field that is wrong', async () => {
    for (const [budget, field] of [
      [{ per_day_usd: -1 }, 'config.budget.per_day_usd'],
      [{ per_day_usd: '5' }, 'config.budget.per_day_usd'],
      [{ per_year_usd: 5 }, 'config.budget.per_year_usd'],
      [{ per_turn_tokens: 1.5 }, 'config.budget.per_turn_tokens'],
    ]) {
      const response = await platform.request('POST', '/api/v1/agents', { config: { agent_type: 'code', budget } });
      expect(response.status).toBe(422);
      expect((await response.json()) as object).toMatchObject({ errors: [{ field }] });
    }
    expect((await platform.request('PUT', '/api/v1/budgets', {})).status).toBe(422);
    expect((await platform.request('GET', '/api/v1/workspaces/wrkspc_none/budget')).status).toBe(404);
    expect((await ofType(await deployAgent(platform, {}, false), 'x.budget_warning')).length).toBe(0);
  });
});

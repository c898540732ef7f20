import type { MessageRequest } from '../request/message-request.ts';
import { ownMessages } from '../request/own-messages.ts';
import { withoutElement } from '../request/own-text.ts';
import { lastUserTexts } from '../request/recognise-side-request.ts';
import type { SideRequest } from '../request/side-prompts.ts';
import { withoutScripts } from '../script/find-script.ts';
import { quote } from './default-reply.ts';
import { type Reply, textReply } from './reply.ts';

/** A plausible answer, in the form that Claude Code parses. */
export function answerSideRequest(kind: SideRequest, request: MessageRequest): Reply {
  return kind === 'probe' ? textReply('OK', 'max_tokens') : textReply(answer(kind, request));
}

function answer(kind: Exclude<SideRequest, 'probe'>, request: MessageRequest): string {
  switch (kind) {
    case 'title':
      return titleAnswer(request);
    case 'name':
      return JSON.stringify({ name: 'simulated-session' });
    case 'tool-label':
      return 'Ran simulated tools';
    case 'progress':
      return 'Running simulated steps';
    case 'recap':
      return `Simulated recap: ${conversation(request)}`;
    case 'suggestion':
      return 'continue';
    case 'compaction':
      return `<analysis>\nSimulated.\n</analysis>\n\n<summary>\nSimulated summary: ${conversation(request)}\n</summary>`;
    case 'question':
      return `Simulated answer: ${quote(lastUserTexts(request).at(-1) ?? '')}`;
    case 'hook':
      return JSON.stringify({ ok: true, reason: 'Simulated: nothing was checked.' });
    case 'safety':
      return '<block>no</block>';
    case 'page':
      return 'Simulated summary of a web page.';
    case 'search':
      return 'Simulated search: nothing was searched.';
  }
}

function conversation(request: MessageRequest): string {
  const own = ownMessages(request.messages);
  return `the user sent ${own.length} messages, at last: ${quote(own.at(-1)?.text ?? '')}`;
}

/** The first words of the session. JSON when the request asks for it, as Claude Code does today. */
function titleAnswer(request: MessageRequest): string {
  const asked = lastUserTexts(request).join('\n');
  const session = (/<session>([\s\S]*?)<\/session>/.exec(asked)?.[1] ?? asked).slice(0, 2_000);
  const words = withoutScripts(withoutElement(session, 'system-reminder')).match(/[\p{L}\p{N}'-]+/gu) ?? [];
  const title = words.slice(0, 5).join(' ').slice(0, 60) || 'Simulated session';
  const capitalised = title.charAt(0).toUpperCase() + title.slice(1);
  return request.output_config?.format == null ? capitalised : JSON.stringify({ title: capitalised });
}

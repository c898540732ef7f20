import { ApiError } from '../http/api-error.ts';
import type { MessageRequest } from './message-request.ts';

type Fields = Record<string, unknown>;

/**
 * Checks the fields that the simulator reads, and no others: a gateway or harness may send what is newer than this
 * file. Throws 400 with the path of the first field that is wrong, in Anthropic's words.
 */
export function parseMessageRequest(body: unknown): MessageRequest {
  if (!isFields(body)) throw new ApiError(400, 'The request body must be a JSON object.');
  if (body.model === undefined) throw missing('model');
  if (typeof body.model !== 'string' || body.model === '') throw wrong('model', 'a valid string');
  if (body.messages === undefined) throw missing('messages');
  if (!Array.isArray(body.messages)) throw wrong('messages', 'a valid list');
  if (body.messages.length === 0) throw new ApiError(400, 'messages: at least one message is required');
  for (const [index, message] of body.messages.entries()) checkMessage(message, `messages.${index}`);
  if (body.system !== undefined) checkContent(body.system, 'system');
  if (body.tools !== undefined) checkTools(body.tools);
  for (const field of ['metadata', 'tool_choice', 'output_config']) {
    if (body[field] !== undefined && body[field] !== null && !isFields(body[field])) throw wrong(field, 'an object');
  }
  return body as unknown as MessageRequest;
}

function checkMessage(message: unknown, path: string): void {
  if (!isFields(message)) throw wrong(path, 'an object');
  if (message.role === undefined) throw missing(`${path}.role`);
  if (!['user', 'assistant', 'system'].includes(message.role as string)) {
    throw wrong(`${path}.role`, "'user', 'assistant' or 'system'");
  }
  checkContent(message.content, `${path}.content`);
}

function checkContent(content: unknown, path: string): void {
  if (typeof content === 'string') return;
  if (content === undefined) throw missing(path);
  if (!Array.isArray(content)) throw wrong(path, 'a string or a list of content blocks');
  for (const [index, block] of content.entries()) {
    if (!isFields(block)) throw wrong(`${path}.${index}`, 'an object');
    if (typeof block.type !== 'string') throw missing(`${path}.${index}.type`);
    if (block.type === 'text' && typeof block.text !== 'string') throw missing(`${path}.${index}.text`);
    if (block.type === 'tool_use' && typeof block.name !== 'string') throw missing(`${path}.${index}.name`);
    const nested = block.content ?? '';
    if (block.type === 'tool_result') checkContent(nested, `${path}.${index}.content`);
  }
}

function checkTools(tools: unknown): void {
  if (!Array.isArray(tools)) throw wrong('tools', 'a valid list');
  for (const [index, tool] of tools.entries()) {
    if (!isFields(tool)) throw wrong(`tools.${index}`, 'an object');
    if (tool.name !== undefined && typeof tool.name !== 'string') throw wrong(`tools.${index}.name`, 'a string');
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function missing(path: string): ApiError {
  return new ApiError(400, `${path}: Field required`);
}

function wrong(path: string, expected: string): ApiError {
  return new ApiError(400, `${path}: Input should be ${expected}`);
}

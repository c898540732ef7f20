/** The parts of a Messages API request that the simulator looks at. Everything else is accepted and ignored. */
export interface MessageRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly system?: string | readonly Block[];
  readonly tools?: readonly OfferedTool[];
  readonly tool_choice?: { readonly type?: string };
  readonly max_tokens?: number;
  readonly stream?: boolean;
  readonly metadata?: { readonly user_id?: string };
  readonly output_config?: { readonly format?: unknown };
}

export interface Message {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string | readonly Block[];
}

/** A content block. Which of the fields are there depends on `type`. */
export interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: string | readonly Block[];
}

export interface OfferedTool {
  readonly name?: string;
}

/** The content of a message as blocks: a plain string is one text block. */
export function blocksOf(content: string | readonly Block[] | null | undefined): readonly Block[] {
  if (content === undefined || content === null) return [];
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

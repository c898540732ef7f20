import type { AgentTypeName } from '@aaas/contract/agent-config';
import type { AgentType } from './agent-type.ts';
import { code } from './code.ts';
import { custom } from './custom.ts';
import { customerSupport } from './customer-support.ts';
import { dataAnalysis } from './data-analysis.ts';
import { finance } from './finance.ts';
import { general } from './general.ts';
import { personalAssistant } from './personal-assistant.ts';
import { research } from './research.ts';

export const AGENT_TYPES: Record<AgentTypeName, AgentType> = {
  general,
  research,
  code,
  finance,
  customer_support: customerSupport,
  personal_assistant: personalAssistant,
  data_analysis: dataAnalysis,
  custom,
};

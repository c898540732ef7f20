import openapiTS, { astToString, COMMENT_HEADER, type OpenAPI3 } from 'openapi-typescript';
import { openapiDocument } from './openapi-document.ts';

/** The source of `src/generated/api.ts`: a type for every operation and schema of the OpenAPI document. */
export async function apiTypes(): Promise<string> {
  const document = (await openapiDocument()) as OpenAPI3;
  return COMMENT_HEADER + astToString(await openapiTS(document, { alphabetize: true, defaultNonNullable: false }));
}

export { freshDatabase, type FreshDatabase } from './postgres/template-database.ts';

export { bindingFields, reportDataOf, type Binding, type BindingField } from './binding.ts';

/// One element for each size class. Its length is `SizeClass.count`, which the language does not take here; a test
/// holds both together.
typealias ClassArray<Element: ~Copyable> = InlineArray<49, Element>

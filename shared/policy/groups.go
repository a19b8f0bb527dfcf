package policy

// A Group is registered rules of one kind, for those who read about them.
type Group struct {
	Title    string
	Defaults []Default
}

// The titles of the groups.
const (
	BaseGroup    = "Base"
	ImageGroup   = "Images, data and members"
	OtherGroup   = "Cache, stores and tasks"
	MetadefGroup = "Metadata definitions"
	OwnGroup     = "Gander's own"
)

// Groups returns all registered rules by kind, in the order of Defaults. The
// caller changes nothing of it.
func Groups() []Group {
	return []Group{
		{BaseGroup, baseDefaults},
		{ImageGroup, imageDefaults},
		{OtherGroup, otherDefaults},
		{MetadefGroup, metadefDefaults},
		{OwnGroup, ownDefaults},
	}
}

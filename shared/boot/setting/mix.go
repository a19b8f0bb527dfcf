package setting

import (
	"fmt"
	"slices"
)

// mixing settles which mix of adapters is meant, and what follows from that. A
// process that keeps nothing reads the settings of neither.
func mixing(v *Values, given map[string]string, from Source) Faults {
	table, bucket := given["GANDER_TABLE"] != "", given["GANDER_BUCKET"] != ""
	keeps, cloud := from.Uses&(Metadata|Bytes) != 0, meansCloud(given, from)
	faults := storing(v, keeps, cloud)
	if v.Downloads == "redirect" && !cloud {
		faults = append(faults, "GANDER_DOWNLOADS: only a bucket has URLs of its own to redirect to; the local mix has none")
	}
	if elsewhere := v.DevelopmentKey != "" || v.Identity != "" && v.Identity != "development"; !keeps && elsewhere && from.Uses&Issues == 0 {
		v.Data = "" // there is nothing in it for this process
	}
	if !cloud {
		return faults
	}
	v.Data = ""
	if from.Uses&Metadata != 0 && !table {
		faults = append(faults, "GANDER_TABLE: it is missing beside GANDER_BUCKET")
	}
	if from.Uses&Bytes != 0 && !bucket {
		faults = append(faults, "GANDER_BUCKET: it is missing beside GANDER_TABLE")
	}
	if given["GANDER_DATA"] != "" {
		faults = append(faults, "GANDER_DATA: it is the local mix, and GANDER_TABLE with GANDER_BUCKET the cloud mix; set the one or the others")
	}
	if from.Cloud != nil {
		faults = append(faults, from.Cloud()...)
	}
	return faults
}

// meansCloud reports whether the settings name the cloud mix, be it in part.
func meansCloud(given map[string]string, from Source) bool {
	return from.Uses&(Metadata|Bytes) != 0 && (given["GANDER_TABLE"] != "" || given["GANDER_BUCKET"] != "")
}

// storing holds the names of the stores against the mix that has them.
func storing(v *Values, keeps, cloud bool) Faults {
	mix, own := "local", "local"
	if cloud {
		mix, own = "cloud", "s3"
	}
	switch {
	case len(v.Stores) == 0:
		v.Stores = []string{own}
	case slices.Equal(v.Stores, []string{own}):
	case keeps:
		return Faults{fmt.Sprintf("GANDER_STORES: the %s mix has one store, %s", mix, own)}
	case !slices.Equal(v.Stores, []string{"s3"}):
		return Faults{"GANDER_STORES: there is one store, local or s3"}
	}
	return nil
}

"""What runs in workers on partitions; knows no node of a plan."""
